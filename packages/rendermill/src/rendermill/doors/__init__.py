"""The protocols by which work comes in. A door parses, calls the farm, and maps errors by one table; no rules here."""
