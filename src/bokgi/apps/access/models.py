"""The organisation, its users, and the trail of what they did."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower

from bokgi.apps.access.permissions import Role
from bokgi.domain.messages import N_

ROLE_LABELS = {
    Role.ADMIN: N_("Sales operations"),
    Role.LEADER: N_("Sales leader"),
    Role.MANAGER: N_("Team manager"),
    Role.REP: N_("Sales rep"),
    Role.VIEWER: N_("Executive"),
}


class Organisation(models.Model):
    """The one company of this home; what figures depend on stands in the facts, too (table `settings`)."""

    name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, default="ko", choices=[("ko", "한국어"), ("en", "English")])
    time_zone = models.CharField(max_length=64, default="Asia/Seoul")
    currency = models.CharField(max_length=3, default="KRW")
    money_unit = models.CharField(max_length=8, default="short", choices=[("short", "short"), ("full", "full")])
    fiscal_year_starts = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    week_starts = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(7)])
    country = models.CharField(max_length=2, default="KR")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """There is one row."""

        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="organisation_is_one")]

    def __str__(self) -> str:
        """Give the name."""
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is the same in capitals."""

    def create_user(self, email: str, password: str | None = None, **given: Any) -> User:  # noqa: ANN401 - columns of the user
        """Make a user; without a password none can be used to sign in."""
        user = self.model(email=self.normalize_email(email).strip().lower(), **given)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a user by e-mail address."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. `person_id` is the person in the facts, empty for who sells nothing."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role])
    person_id = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=2, blank=True, default="")
    theme = models.CharField(max_length=5, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]

    class Meta:
        """An address and a person belong to one user."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower"),
            models.UniqueConstraint(fields=["person_id"], condition=~models.Q(person_id=""), name="user_person_unique"),
            models.CheckConstraint(condition=models.Q(role__in=[role.value for role in Role]), name="user_role_known"),
        ]

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    @property
    def role_label(self) -> str:
        """Give the marked text of the role."""
        return ROLE_LABELS[Role(self.role)]


class AuditEntry(models.Model):
    """Who did what when; written by services, never changed. `actor` is kept as text when the user goes."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=120, blank=True, default="")
    details = models.JSONField(default=dict)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        """Give action and subject."""
        return f"{self.action} {self.subject}"


class Invitation(models.Model):
    """A link that makes one account. Only its digest is kept: who reads the database cannot use it."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role])
    person_id = models.CharField(max_length=64, blank=True, default="")
    digest = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        """Give the key; addresses stay out of logs."""
        return f"invitation {self.pk}"

    @property
    def role_label(self) -> str:
        """Give the marked text of the role."""
        return ROLE_LABELS[Role(self.role)]
