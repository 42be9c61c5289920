"""How a survival model is made: networks in a Poincaré ball beside a ridge model, and what each is fitted by."""
