"""What the templates of the app need."""
