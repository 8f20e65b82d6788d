"""What goes wrong with a model file or inside a network, as exception types."""


class CheckpointError(ValueError):
    """A model file cannot be used; the message says what was seen, what is known, and what to do."""


class NotFiniteError(ArithmeticError):
    """A step of a run gave NaN or infinity: `step` of `steps`, from level `sigma` to `sigma_next`."""

    def __init__(self, step: int, steps: int, sigma: float, sigma_next: float) -> None:
        self.step = step
        self.steps = steps
        self.sigma = sigma
        self.sigma_next = sigma_next
        super().__init__(
            f"the network gave NaN or infinity in step {step} of {steps}, from sigma {sigma:g} to "
            f"{sigma_next:g}. Half precision overflows beyond 65,504: compute this model in full precision "
            "(float32). Where it does so already, lower the guidance or the strength of LoRAs, or check the "
            "model's file"
        )
