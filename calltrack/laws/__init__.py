"""The laws that hold for every stream, and the trial that puts a stream before them."""
