window.YTD.tweets.part0 = [
  { "tweet": { "edit_info": { "initial": { "editTweetIds": ["2028394880824246272", "2028396139115446277"], "editsRemaining": "4" } }, "id_str": "2028394880824246272", "created_at": "Mon Mar 02 09:00:00 +0000 2026", "full_text": "Morning Alderway 🎉 fisrt", "entities": { "urls": [], "hashtags": [] }, "favorite_count": "3" } },
  { "tweet": { "edit_info": { "edit": { "initialTweetId": "2028394880824246272", "editControlInitial": { "editTweetIds": ["2028394880824246272", "2028396139115446277"] } } }, "id_str": "2028396139115446277", "created_at": "Mon Mar 02 09:05:00 +0000 2026", "full_text": "Morning Alderway 🎉 first", "entities": { "urls": [] } } },
  { "tweet": { "id_str": "1900000000000000003", "created_at": "Mon Mar 02 10:00:00 +0000 2026", "full_text": "Soup &amp; bread https://t.co/aaa https://t.co/mmm", "in_reply_to_status_id_str": "1890000000000000009", "in_reply_to_user_id_str": "77",
    "entities": { "urls": [ { "url": "https://t.co/aaa", "expanded_url": "https://norwell.example/menu" } ], "media": [ { "url": "https://t.co/mmm", "media_url_https": "https://pics.example/soup.jpg" } ] },
    "extended_entities": { "media": [ { "url": "https://t.co/mmm", "media_url_https": "https://pics.example/soup.jpg" }, { "url": "https://t.co/mmm", "media_url_https": "https://pics.example/bread.jpg" } ] } } },
  { "tweet": { "id_str": "1900000000000000004", "created_at": "Mon Mar 02 11:00:00 +0000 2026", "full_text": "RT @norwell: fresh bread", "entities": { "urls": [] } } },
  { "tweet": { "id_str": "1900000000000000005", "created_at": "Mon Mar 02 12:00:00 +0000 2026", "full_text": "A long story begins here and… https://t.co/lll", "entities": { "urls": [ { "url": "https://t.co/lll", "expanded_url": "https://x.com/i/web/status/1900000000000000005" } ] } } },
  { "tweet": { "id_str": "1900000000000000006", "created_at": "yesterday", "full_text": "Quarterly-Secret" } },
  { "tweet": { "created_at": "Mon Mar 02 12:00:00 +0000 2026", "full_text": "no key, Quarterly-Secret" } }
];
