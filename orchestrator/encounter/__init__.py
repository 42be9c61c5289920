"""The encounter: five typed stages from referral to treatment, played against a gatekeeper."""
