"""The snapshot of a replacement: files leave and files join at once, and manifests stay few.

PyIceberg's own overwrite never merges manifests and carries those that name only deleted files along for
ever: after 300 commits a table has 300 manifests, and commits and reads take several times as long. Its
append merges, but cannot delete. This is the overwrite with the append's merging.

It builds on names PyIceberg does not promise to keep; the tests of the commit fail where they change.
"""

from collections.abc import Iterable

from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _ManifestMergeManager, _OverwriteFiles

# A manifest that names one changed file is rewritten as a whole: 128 kB are some 800 files and 50 ms.
MANIFEST_TARGET_BYTES = 128 * 1024
# New manifests wait until there are this many, so that most commits rewrite nothing.
MANIFESTS_TO_MERGE = 16


class _Replacement(_OverwriteFiles):
    def _existing_manifests(self) -> list[ManifestFile]:
        return [
            manifest
            for manifest in super()._existing_manifests()
            if manifest.has_added_files() or manifest.has_existing_files()
        ]

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        return _ManifestMergeManager(
            target_size_bytes=MANIFEST_TARGET_BYTES,
            min_count_to_merge=MANIFESTS_TO_MERGE,
            merge_enabled=True,
            snapshot_producer=self,
        ).merge_manifests(manifests)


class _Transaction(Transaction):
    @property
    def table_metadata(self) -> TableMetadata:
        # PyIceberg copies the metadata, all snapshots in it, at each of some twenty looks a commit takes.
        # Nothing of it changes until the first update is staged.
        return super().table_metadata if self._updates else self._table.metadata


def replace_files(table: Table, *, leaving: Iterable[DataFile], joining: Iterable[DataFile]) -> int:
    """Commit one snapshot in which `leaving` are gone and `joining` are there; return its id.

    Raises what PyIceberg raises on a conflict (CommitFailedException, ValidationException).
    """
    removed = list(leaving)
    with _Transaction(table) as transaction:
        snapshot = _Replacement(
            operation=Operation.OVERWRITE if removed else Operation.APPEND,
            transaction=transaction,
            io=table.io,
        )
        for file in removed:
            snapshot.delete_data_file(file)
        for file in joining:
            snapshot.append_data_file(file)
        snapshot.commit()
    return snapshot.snapshot_id
