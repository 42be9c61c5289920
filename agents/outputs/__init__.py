"""Results as clinicians' systems read them: DICOM SR and FHIR, each with a reader of our own that checks it."""
