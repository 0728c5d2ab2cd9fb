"""RNN: recurrent cells whose gates, states or weights do not do their work."""
