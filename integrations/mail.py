"""Mail over SMTP: one for each cause and person. A mail cannot be edited or looked for: a correction is a mail more."""

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from domain import telling
from domain.outbox import DeliveryError
from integrations.base import Sent, seconds_left
from integrations.facts import DeliveryFacts
from integrations.told_facts import ToldFacts
from integrations.told_messages import mail_content, needless
from integrations.wording import Wording

TIME_LIMIT = 20.0


@dataclass(frozen=True)
class Server:
    """A mail server. `scheme`: smtps (TLS from the beginning), smtp+starttls, or smtp (plain)."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""


def server(config: Mapping[str, Any]) -> Server | None:
    """The mail server of the settings; None where none is set: mails are held then.

    `SMTP_URL` is `smtps://user:password@host:465`, `smtp+starttls://…:587` or `smtp://…:25`. Without it `SMTP_HOST`,
    with STARTTLS unless the port is 25 (plain) or 465 (TLS).
    """
    if config["SMTP_URL"]:
        parts = urlsplit(config["SMTP_URL"])
        port = parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25)
        return Server(
            parts.scheme, parts.hostname or "", port, unquote(parts.username or ""), unquote(parts.password or "")
        )
    if not config["SMTP_HOST"]:
        return None
    port = int(config["SMTP_PORT"])
    scheme = {25: "smtp", 465: "smtps"}.get(port, "smtp+starttls")
    return Server(scheme, config["SMTP_HOST"], port, config["SMTP_USER"] or "", config["SMTP_PASSWORD"] or "")


class MailSender:
    """Speaks to one mail server. `time_limit`: seconds for a whole attempt."""

    service = telling.MAIL
    time_limit = TIME_LIMIT

    def __init__(
        self,
        at: Server,
        sender: str,
        base_url: str,
        wordings: Mapping[str, Wording],
        locale: str,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._at = at
        self._from = sender
        self.base_url = base_url
        self._wordings = wordings
        self._locale = locale
        self.time_limit = time_limit

    def send(self, facts: DeliveryFacts) -> Sent:
        """Carries a delivery out; raises DeliveryError."""
        told = facts.told
        if told is None:
            raise ValueError("the delivery tells nobody")
        wording = self._wordings.get(told.locale or self._locale, self._wordings[self._locale])
        if why := needless(told, wording):
            raise why
        message = self._message(facts, told, wording)
        try:
            self._hand_over(message, seconds_left(facts))
        except smtplib.SMTPResponseException as error:
            raise self._refused(error, wording) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise self._refused(smtplib.SMTPResponseException(code, said), wording) from error
        except (smtplib.SMTPException, OSError) as error:
            _ = wording.gettext
            # After the last line was sent it may have been taken; a second mail is better than none.
            raise DeliveryError(_("The mail server does not answer. We keep trying.")) from error
        return Sent(message["Message-ID"], told.email)

    def _message(self, facts: DeliveryFacts, told: ToldFacts, wording: Wording) -> EmailMessage:
        """PURE: the mail. Its id follows from the delivery, so that mailboxes know one that came twice."""
        message = EmailMessage()
        message["From"] = self._from
        message["To"] = _to(told)
        message["Subject"], text = mail_content(told, wording, self.base_url)
        message["Date"] = format_datetime(facts.since)
        domain = self._from.rpartition("@")[2].strip(">") or "noroshi"
        message["Message-ID"] = f"<{hashlib.sha256(facts.key.encode()).hexdigest()[:32]}@{domain}>"
        if facts.thread:
            message["In-Reply-To"] = message["References"] = facts.thread.id
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = wording.locale
        if self.base_url and told.token:
            message["List-Unsubscribe"] = f"<{self.base_url.rstrip('/')}/following/{told.token}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text)
        return message

    def _hand_over(self, message: EmailMessage, seconds: float) -> None:
        at = self._at
        context = ssl.create_default_context()
        if at.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(at.host, at.port, timeout=seconds, context=context)
        else:
            client = smtplib.SMTP(at.host, at.port, timeout=seconds)
        with client:
            if at.scheme == "smtp+starttls":
                client.starttls(context=context)
            if at.user:
                client.login(at.user, at.password)
            client.send_message(message)

    def _refused(self, error: smtplib.SMTPResponseException, wording: Wording) -> DeliveryError:
        _ = wording.gettext
        code = error.smtp_code
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return DeliveryError(_("The mail server does not accept our name and password. Check SMTP_USER."))
        sentence = _("The mail server refused the mail (%(code)d).") % {"code": code}
        return DeliveryError(sentence, permanent=500 <= code < 600)


def _to(told: ToldFacts) -> Address | str:
    user, _, host = told.email.rpartition("@")
    try:
        return Address(told.name, user, host)
    except ValueError:
        return told.email
