"""What a rule of guidance is: a frozen value that a model carries, asked at typed points.

For every estimate that a sampler wants, in this order:

    scale    how strong guidance is at this noise level
    first    asks for estimates that must be made in a way of the rule's own
    before   changes the two estimates that classifier-free guidance combines
             (guidance itself: uncond + scale (cond - uncond))
    after    changes the result, and may ask for further estimates

and where a mask keeps part of a picture, `repaint` changes that mask. Around all of it `instead` may have an
answer beforehand, and `done` is told the one that was made. At each point the rules of a model are asked in
the order in which they were added. Samplers know nothing of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from torch import Tensor

if TYPE_CHECKING:
    from ..model import Model
    from ..networks.hooks import Hooks
    from ..samplers.base import Both
    from ..values import Conditioning
    from .estimate import Estimator


Holding: TypeAlias = tuple[tuple[int, ...], ...]
"""For each of some conditionings the numbers of its entries that hold at a level."""


class Asked(NamedTuple):
    """One estimate that a sampler wants, whatever the guider: for `x` [B,C,h,w] at level `sigma`.

    `holding` and `memory` are as in `Moment`.
    """

    x: Tensor
    sigma: float
    holding: Holding
    model: Model
    memory: dict[Rule, Any]


class Parts(NamedTuple):
    """The two estimates of x0 that guidance combines."""

    cond: Tensor
    uncond: Tensor


@dataclass(frozen=True, eq=False)
class Moment:
    """One estimate that a sampler wants: of what, at which level, guided how strongly between which prompts.

    `x` [B,C,h,w] is at level `sigma`. `notes` are a rule's own for this moment, `memory` its own for the run:
    values that are never changed, but replaced. `holding` tells which entries of the guider's conditionings
    and of the rules' own hold at this level.
    """

    x: Tensor
    sigma: float
    scale: float
    positive: Conditioning
    negative: Conditioning | None
    estimator: Estimator
    memory: dict[Rule, Any]
    holding: Holding = ()
    notes: dict[Rule, Tensor] = field(default_factory=dict["Rule", Tensor])
    _known: dict[int, Tensor] = field(default_factory=dict[int, Tensor])

    @property
    def model(self) -> Model:
        """The model that is asked."""
        return self.estimator.model

    def estimates(self, *conditionings: Conditioning) -> tuple[Tensor, ...]:
        """Return the estimates of x0 under these conditionings; asks in one go for what isn't known."""
        new = {id(one): one for one in conditionings if id(one) not in self._known}
        if new:
            found = self.estimator(self.x, self.sigma, *new.values())
            self._known.update(zip(new, found, strict=True))
        return tuple(self._known[id(one)] for one in conditionings)

    def estimate(self, conditioning: Conditioning, *, x: Tensor | None = None, hooks: Hooks) -> Tensor:
        """Return the estimate with further hooks in the network, for another x where one is given."""
        [found] = self.estimator(self.x if x is None else x, self.sigma, conditioning, hooks=hooks)
        return found

    def known(self, conditioning: Conditioning) -> Tensor | None:
        """Return an estimate if it has been made."""
        return self._known.get(id(conditioning))

    def know(self, conditioning: Conditioning, estimate: Tensor) -> None:
        """Take an estimate that a rule had to ask for anyway, so that it isn't asked for again."""
        self._known[id(conditioning)] = estimate


class Run(NamedTuple):
    """What a rule is told of a whole run: its noise levels, and the model."""

    sigmas: tuple[float, ...]
    model: Model


class Rule:
    """A rule that changes nothing; each of the others changes something at one or two points.

    Rules are frozen dataclasses of names and numbers, compared by them. `needs_uncond` says that a rule has
    work to do where the scale is 1, for which the negative conditioning must be computed.
    """

    needs_uncond: ClassVar[bool] = False

    @property
    def asks(self) -> tuple[Conditioning, ...]:
        """Conditionings of the rule's own, whose estimates are made in one call with the others."""
        return ()

    def scale(self, sigma: float, scale: float) -> float:
        """Return the scale of guidance at a noise level."""
        del sigma
        return scale

    def instead(self, asked: Asked) -> Both | None:
        """Return the guided and the unconditional estimate if nothing need be computed for them."""
        del asked

    def done(self, asked: Asked, found: Both) -> None:
        """Take notice of the estimates that were computed."""

    def first(self, at: Moment) -> None:
        """Make estimates that need hooks (`Moment.know`), and take notes."""

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Return what guidance shall combine. Not asked where there is no unconditional estimate."""
        del at
        return parts

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Return what the sampler gets; `parts` are the estimates before any rule, None at scale 1."""
        del at, parts
        return guided

    def repaint(self, mask: Tensor, sigma: float, run: Run) -> Tensor:
        """Return where a picture is repainted at a level, from the mask [B,1,h,w] of the whole run."""
        del sigma, run
        return mask


def per_item(numbers: Tensor) -> Tensor:
    """Reshape one number an item [B] so that it broadcasts against latents [B,C,h,w]."""
    return numbers.reshape(-1, 1, 1, 1)


def norm(x: Tensor) -> Tensor:
    """Return the Euclidean norm of every item, [B,1,1,1]."""
    return dot(x, x).sqrt()


def dot(x: Tensor, y: Tensor) -> Tensor:
    """Return the scalar product of every two items, [B,1,1,1]."""
    return per_item((x * y).flatten(1).sum(1))


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """Return above / below, 0 where `below` is 0."""
    return above / below.where(below != 0, float("inf"))
