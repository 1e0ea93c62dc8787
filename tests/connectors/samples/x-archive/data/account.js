window.YTD.account.part0 = [ { "account": { "accountId": "42", "username": "alderway_ana", "accountDisplayName": "Ana" } } ]
