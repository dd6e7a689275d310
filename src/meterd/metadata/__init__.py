"""What the service keeps besides facts: tokens and whose they are, session documents, objects, calendars, progress."""
