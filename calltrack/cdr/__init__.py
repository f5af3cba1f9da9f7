"""The vendor's call detail records: CDR notifications, Call Log answers and tables of them, as statements to the core.

Source of every name here: the vendor's integration guides of 2025-26 (field guide §9); none was ever captured, so what
is not understood is kept verbatim and never fails.
"""
