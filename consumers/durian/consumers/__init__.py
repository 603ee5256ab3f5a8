"""Ways out: deliveries to listeners, and the record of every attempt."""
