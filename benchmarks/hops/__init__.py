"""Real products between a reader and a stream, and the streams behind them, for benchmarks/set_ups."""
