"""The archive: everything read, set aside, judged, published and decided, in one SQL database.

Each stage of the daily job is a query for what it has not done yet, and writes in one transaction per step. So a run
that was killed is completed by the next, and a second run finds nothing to do. What waits for a stage has an index of
its own, and everything else is asked for by day, so that a run takes as long as its own days need, not the archive.
"""

from pilkada_nlp.archive.database import default_archive
from pilkada_nlp.archive.judgements import Judged, Judgements, Retold, Told
from pilkada_nlp.archive.labels import Label
from pilkada_nlp.archive.publishing import AlertState, Publishing
from pilkada_nlp.archive.reading import Reading
from pilkada_nlp.labelling.taggings import Tagged

__all__ = ["AlertState", "Archive", "Judged", "Label", "Retold", "Tagged", "Told", "default_archive"]


class Archive(Reading, Judgements, Publishing):
    """An archive at a database address such as "sqlite:////path/archive.db".

    It is made when it is not there yet; with `create=False` that is an ArchiveError. Every method
    raises ArchiveError when the database cannot be read or written.
    """
