"""Where weights come from: one registry, digests, conversion to safetensors, and the choice of device."""
