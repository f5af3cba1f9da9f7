"""Where frames come from: the live service or a recording, paced."""
