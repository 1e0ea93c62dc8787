window.YTD.profile.part0 = [ { "profile": { "description": { "bio": "Plants &amp; people", "website": "", "location": "Alderway" } } } ]
