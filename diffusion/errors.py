"""What goes wrong with a model file or inside a network, as exception types."""

from __future__ import annotations


class CheckpointError(ValueError):
    """A model file cannot be used; the message says what was seen, what is known, and what to do."""


class NotFiniteError(ArithmeticError):
    """A step of a run gave NaN or infinity: `step` of `steps`, from level `sigma` to `sigma_next`.

    `weight` names a weight of the network that is itself NaN or infinite, where there is one.
    """

    def __init__(
        self, step: int, steps: int, sigma: float, sigma_next: float, weight: str | None = None
    ) -> None:
        self.step = step
        self.steps = steps
        self.sigma = sigma
        self.sigma_next = sigma_next
        self.weight = weight
        why = (
            "Half precision overflows beyond 65,504: compute this model in full precision (float32; "
            "--precision float32 at the command line). Where it does so already, lower the guidance, the "
            "prompt's weights or the strength of LoRAs, or check the model's file"
            if weight is None
            else f"Its weight {weight} is NaN or infinite itself: the file is damaged, or what it was merged "
            "from was; fetch or make it again"
        )
        super().__init__(
            f"the network gave NaN or infinity in step {step} of {steps}, from sigma {sigma:g} to "
            f"{sigma_next:g}. {why}"
        )

    def because_of(self, weight: str) -> NotFiniteError:
        """Return the same error with the weight that explains it."""
        return NotFiniteError(self.step, self.steps, self.sigma, self.sigma_next, weight)
