"""Forms in which people hold captured events, read as frames: one module per family of forms.

archives → encodings → lines → reading (values, envelopes, packets, har, grouped, tables, prefixes) → pieces
"""
