"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.workflows.trials.fidelity import Fidelity

strawberry.enum(Fidelity, description="AS_OF_NOW: judged by the contact as it is, because its past value is not kept.")

__all__ = ["Fidelity"]
