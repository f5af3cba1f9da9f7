"""A report for people: its figures as tables, as CSV, and as a page with plots (extra `report`)."""
