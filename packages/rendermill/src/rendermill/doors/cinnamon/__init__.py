"""The Cinnamon door: the legacy XML commands, and the RenderServer that works on render tasks."""
