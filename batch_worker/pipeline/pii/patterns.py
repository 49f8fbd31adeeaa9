"""The kinds of personal data that have a shape."""

from batch_worker.pipeline.pii.shapes_of_contact import CONTACT
from batch_worker.pipeline.pii.shapes_of_identity import IDENTITY
from batch_worker.pipeline.pii.shapes_of_payment import PAYMENT
from batch_worker.pipeline.pii.shapes_of_places import PLACES

SHAPES = (*IDENTITY, *CONTACT, *PLACES, *PAYMENT)
