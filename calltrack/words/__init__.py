"""Values and changes in words for people: one place for every board and command."""
