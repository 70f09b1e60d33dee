"""An app: this machine's processor, memory and network in charts that do not jump, and notes beside them."""
