"""Settings of a project with Durian; what belongs to Durian stands first."""

import os
from pathlib import Path

#: Where the demonstration keeps its databases and the key that seals secrets.
HOME = Path(os.environ.get("SHOP_HOME", Path(__file__).resolve().parent.parent / "var"))
HOME.mkdir(parents=True, exist_ok=True)

INSTALLED_APPS = [
    "durian.django",
    "people",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

DURIAN = {
    "SOURCE": "/shop",
    "REGISTRY_URL": f"sqlite:///{HOME / 'registry.db'}",
    "SECRET_KEY_FILE": HOME / "secret.key",
    # Only because this demonstration delivers to itself: all but public addresses are refused.
    "ALLOWED_NETWORKS": ["127.0.0.0/8"],
}

DEBUG = True
SECRET_KEY = "for a demonstration"  # noqa: S105  # as it says
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
LOGIN_URL = "/admin/login/"
STATIC_URL = "static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "shop.db",
        "OPTIONS": {"timeout": 20},
    }
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
