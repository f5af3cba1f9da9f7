"""The vendor's frames: three notations, spellings, loose types and unknown fields, turned into what the core reads."""
