"""Know, at every moment and with proof, what every call and every agent of a call centre is doing."""
