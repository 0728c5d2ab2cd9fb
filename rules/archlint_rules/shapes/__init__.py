"""SHP: shapes that contradict each other."""
