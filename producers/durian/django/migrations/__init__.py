"""Migrations of the outbox and of who owns which listener."""
