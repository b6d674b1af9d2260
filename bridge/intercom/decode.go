package intercom

// This file turns checked JSON into the model. Nothing here can fail: what is
// missing or of another type than expected stays empty.

// partCap is how many parts Intercom gives at most, the newest ones.
const partCap = 500

func decodeConversation(o object) Conversation {
	c := Conversation{
		ID:              o.get("id", "conversation_id").id(),
		Title:           o.get("title").text(),
		State:           o.get("state").text(),
		CreatedAt:       o.get("created_at").time(),
		UpdatedAt:       o.get("updated_at").time(),
		AdminAssigneeID: o.get("admin_assignee_id").id(),
		TeamAssigneeID:  o.get("team_assignee_id").id(),
		Contacts:        decodeContacts(o),
	}
	if c.State == "" {
		c.State = stateOf(o)
	}
	if a := decodeAssignee(o.get("assignee")); c.AdminAssigneeID == "" && a.Type == "admin" {
		c.AdminAssigneeID = a.ID
	}
	c.Source = decodeSource(o)
	list := o.get("conversation_parts")
	parts := list.items()
	if parts == nil {
		parts = list.get("conversation_parts").items()
	}
	c.PartsTotal = int(list.get("total_count").int())
	for _, p := range parts {
		c.Parts = append(c.Parts, decodePart(p.object()))
	}
	SortParts(c.Parts)
	counted := int(o.get("statistics").get("count_conversation_parts").int())
	c.Truncated = len(c.Parts) >= partCap && (counted == 0 || counted > len(c.Parts))
	c.PartsTotal = max(c.PartsTotal, counted, len(c.Parts))
	r := o.get("conversation_rating").object()
	c.Rating = Rating{Score: int(r.get("rating").int()), Remark: r.get("remark").text(), CreatedAt: r.get("created_at").time()}
	return c
}

func stateOf(o object) string {
	open := o.get("open")
	switch {
	case open.null():
		return ""
	case open.bool():
		return StateOpen
	}
	return StateClosed
}

// decodeSource reads the message that began a conversation. Versions before 2
// called it conversation_message.
func decodeSource(o object) Part {
	v := o.get("source", "conversation_message")
	if len(v) == 0 || v[0] != '{' {
		return Part{}
	}
	p := decodePart(v.object())
	p.Source = true
	p.PartType = PartComment
	if p.CreatedAt.IsZero() {
		p.CreatedAt = o.get("created_at").time()
	}
	return p
}

func decodePart(o object) Part {
	p := Part{
		ID:             o.get("id").id(),
		PartType:       o.get("part_type").text(),
		Body:           o.get("body").text(),
		CreatedAt:      o.get("created_at").time(),
		UpdatedAt:      o.get("updated_at").time(),
		Author:         decodeAuthor(o.get("author", "user")),
		Redacted:       o.get("redacted").bool(),
		AppPackageCode: o.get("app_package_code").text(),
		ExternalID:     o.get("external_id").text(),
		AssignedTo:     decodeAssignee(o.get("assigned_to")),
	}
	list := o.get("attachments")
	files := list.items()
	if files == nil {
		files = list.get("attachments").items()
	}
	for _, f := range files {
		p.Attachments = append(p.Attachments, decodeAttachment(f))
	}
	return p
}

func decodeAuthor(v value) Author {
	o := v.object()
	return Author{
		Type:   AuthorType(o.get("type").text()),
		ID:     o.get("id").id(),
		Name:   o.get("name").text(),
		Email:  o.get("email").text(),
		FromAI: o.get("from_ai_agent").bool() || o.get("is_ai_answer").bool(),
	}
}

// decodeAssignee knows that "nobody_admin" is nobody.
func decodeAssignee(v value) Assignee {
	o := v.object()
	a := Assignee{Type: o.get("type").text(), ID: o.get("id").id()}
	if a.ID == "" || a.Type == "nobody_admin" {
		return Assignee{}
	}
	return a
}

func decodeAttachment(v value) Attachment {
	o := v.object()
	return Attachment{
		Name:        o.get("name").text(),
		URL:         o.get("url").text(),
		ContentType: o.get("content_type").text(),
		Size:        max(0, o.get("filesize").int()),
		Width:       int(o.get("width").int()),
		Height:      int(o.get("height").int()),
	}
}

// decodeContacts finds the people of a conversation, whichever name this
// version of the API gives them.
func decodeContacts(o object) []Contact {
	v := o.get("contacts", "customers")
	list := v.items()
	if list == nil {
		list = v.object().get("contacts", "customers").items()
	}
	if list == nil {
		if one := o.get("contact", "customer", "user"); len(one) > 0 && one[0] == '{' {
			list = []value{one}
		}
	}
	var people []Contact
	for _, c := range list {
		people = append(people, decodeContact(c))
	}
	return people
}

func decodeContact(v value) Contact {
	o := v.object()
	c := Contact{
		ID:               o.get("id").id(),
		Role:             o.get("role", "type").text(),
		ExternalID:       o.get("external_id", "user_id").text(),
		Email:            o.get("email").text(),
		Name:             o.get("name").text(),
		CustomAttributes: o.get("custom_attributes").fields(),
	}
	if c.Role == "contact" { // the type of the object, which says nothing of the role
		c.Role = ""
	}
	return c
}

func decodeAdmin(v value) Admin {
	o := v.object()
	return Admin{
		ID:           o.get("id").id(),
		Type:         o.get("type").text(),
		Name:         o.get("name").text(),
		Email:        o.get("email").text(),
		HasInboxSeat: o.get("has_inbox_seat").bool(),
	}
}

func decodeMe(v value) Me {
	app := v.get("app").object()
	return Me{Admin: decodeAdmin(v), Workspace: Workspace{
		ID:       app.get("id_code").text(),
		Name:     app.get("name").text(),
		Region:   app.get("region").text(),
		Timezone: app.get("timezone").text(),
	}}
}
