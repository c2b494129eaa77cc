window.YTD.tweets.part0 = [
  {
    "tweet" : {
      "id_str" : "1990000000000000001", "id" : "1990000000000000001", "lang" : "en",
      "created_at" : "Tue Nov 10 09:30:00 +0000 2026", "favorite_count" : "12", "retweet_count" : "3",
      "full_text" : "Acme Air &amp; Riga: daily from December. #acmeair", "entities" : { "hashtags" : [ ] }
    }
  },
  {
    "tweet" : {
      "id_str" : "1990000000000000002", "id" : "1990000000000000002", "lang" : "en",
      "in_reply_to_status_id_str" : "1980000000000000009", "in_reply_to_screen_name" : "someone",
      "created_at" : "Wed Nov 11 18:00:00 +0000 2026", "favorite_count" : "0", "retweet_count" : "0",
      "full_text" : "@someone Sorry to hear, please write to us."
    }
  }
]
