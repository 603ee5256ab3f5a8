"""The commands, one module each, as Django finds them."""
