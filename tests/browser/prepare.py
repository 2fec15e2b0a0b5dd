"""`python -m tests.browser.prepare`: migrates the instance of the environment and fills in the cast."""

from flask_migrate import upgrade

from app import create_app
from tests.conftest import populate

if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        upgrade()
        populate()
