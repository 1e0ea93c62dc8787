window.YTD.direct_messages.part0 = [ { "dmConversation": { "conversationId": "42-77", "messages": [
  { "messageCreate": { "id": "1900000000000000101", "senderId": "42", "recipientId": "77", "createdAt": "2026-03-02T14:00:00.000Z", "text": "between us", "mediaUrls": [], "urls": [] } },
  { "joinConversation": { "initiatingUserId": "77" } },
  { "messageCreate": { "id": "1900000000000000102", "senderId": "77", "createdAt": "Quarterly-Secret", "text": "Quarterly-Secret" } } ] } } ]
