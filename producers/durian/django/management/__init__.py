"""What `manage.py` learns from Durian."""
