"""The commands, by subject. Each is a function that takes a :class:`~rendermill.doors.cinnamon.context.Call`."""
