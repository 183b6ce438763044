"""What is proven. The rooms of this package are built by the audit capability."""
