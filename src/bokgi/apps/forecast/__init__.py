"""The forecast: its range, what people submit, how right both were."""
