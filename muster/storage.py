"""Opens the file storage that the settings name."""

from models.transfers.files import Storage
from muster.settings import Settings
from workers.storage import open_storage


def storage_of(settings: Settings) -> Storage:
    """A bucket is not contacted before its first use."""
    location = settings.storage_url or settings.data_dir / "files"
    return open_storage(location, settings.data_dir / "scratch", _bucket_options(settings))


def _bucket_options(settings: Settings) -> dict[str, str]:
    secret = settings.s3_secret_access_key
    key = settings.s3_access_key_id
    options = {
        "endpoint": settings.s3_endpoint,
        "region": settings.s3_region,
        "access_key_id": key.get_secret_value() if key else None,
        "secret_access_key": secret.get_secret_value() if secret else None,
    }
    return {name: value for name, value in options.items() if value is not None}
