"""Jobs in SQL: schema, migrations, queries, and the writer that shares commits."""
