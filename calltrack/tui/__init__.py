"""The live board: a terminal screen of agents, calls and queues, over a live stream or a recording."""
