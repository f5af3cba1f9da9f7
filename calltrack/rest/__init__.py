"""The vendor's REST interfaces: the Call Log for what was missed, and snapshots of active calls instead of a socket."""
