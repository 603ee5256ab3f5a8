"""The registry in SQL: SQLAlchemy Core on SQLite and PostgreSQL, behind `durian.registry.store`."""
