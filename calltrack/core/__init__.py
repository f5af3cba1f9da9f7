"""The pure core: observations in, changes and snapshots out. No I/O, no clock, no field name of any vendor."""
