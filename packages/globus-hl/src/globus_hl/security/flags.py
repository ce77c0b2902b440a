"""What a security context may be asked for, and what it has."""

from __future__ import annotations

import enum

from globus_lowlevel import gssapi as c

__all__ = ["PROTECTION", "Flag"]


class Flag(enum.IntFlag):
    """Flags of a context (RFC 2744, section 5.19), and those that GSI adds."""

    DELEGATION = c.GSS_C_DELEG_FLAG
    """The initiator's credential is delegated to the acceptor."""
    MUTUAL = c.GSS_C_MUTUAL_FLAG
    """Each end knows who the other one is."""
    REPLAY = c.GSS_C_REPLAY_FLAG
    """A message that comes twice is found."""
    SEQUENCE = c.GSS_C_SEQUENCE_FLAG
    """Messages that come in another order are found."""
    CONFIDENTIALITY = c.GSS_C_CONF_FLAG
    """Messages can be encrypted."""
    INTEGRITY = c.GSS_C_INTEG_FLAG
    """Messages that were changed are found."""
    ANONYMOUS = c.GSS_C_ANON_FLAG
    """The initiator shows no certificate."""
    REFUSE_LIMITED = c.GSS_C_GLOBUS_DONT_ACCEPT_LIMITED_PROXY_FLAG
    """A peer with a limited proxy is refused: what services do that start programs."""
    LIMITED_DELEGATION = c.GSS_C_GLOBUS_DELEGATE_LIMITED_PROXY_FLAG
    """With `DELEGATION`: what is delegated is a limited proxy."""
    PEER_LIMITED = c.GSS_C_GLOBUS_RECEIVED_LIMITED_PROXY_FLAG
    """Obtained only: the peer showed a limited proxy."""
    PLAIN_TLS = c.GSS_C_GLOBUS_SSL_COMPATIBLE
    """The tokens are TLS and nothing else, so that a TLS program can be the peer; without delegation."""
    MISSING_POLICY_OK = c.GSS_C_GLOBUS_ALLOW_MISSING_SIGNING_POLICY
    """An authority without a signing policy may sign every name: what the rest of the world does."""


PROTECTION = Flag.MUTUAL | Flag.REPLAY | Flag.SEQUENCE | Flag.CONFIDENTIALITY | Flag.INTEGRITY
"""What a context is asked for when nothing is said: all of it must be obtained."""
