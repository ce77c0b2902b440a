"""XIO: the toolkit's extensible input and output, a stack of drivers behind one handle."""
