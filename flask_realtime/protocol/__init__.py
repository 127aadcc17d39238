"""The words on the wire: messages, pushes, positions, channel names."""
