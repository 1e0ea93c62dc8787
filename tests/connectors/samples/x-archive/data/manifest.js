window.__THAR_CONFIG = { "userInfo": { "accountId": "42" }, "archiveInfo": { "sizeBytes": "1000", "generationDate": "2026-03-31T12:00:00.000Z", "isPartialArchive": false } }
