using Chat.Contracts;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.Text;

namespace Chat.Web.Client.State;

/// <summary>What the reader sees: messages with their own doings that are still on their way.</summary>
public sealed partial class Timeline
{
    private readonly Dictionary<string, TimelineItem> _items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OutboxItem> _echoes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<OutboxItem>> _changes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _confirmed = new(StringComparer.Ordinal);
    private TimelineView? _view;

    /// <summary>Something of this room was put into the outbox, or got further.</summary>
    internal void Pending(OutboxItem item)
    {
        if (item.Kind == OutboxKind.Send)
        {
            _echoes[item.MessageId] = item;
        }
        else
        {
            if (!_changes.TryGetValue(item.MessageId, out var changes))
            {
                _changes[item.MessageId] = changes = [];
            }

            var at = changes.FindIndex(c => c.Id == item.Id);
            if (at >= 0)
            {
                changes[at] = item;
            }
            else
            {
                changes.Add(item);
            }
        }

        Touch(item.MessageId);
    }

    /// <summary>The server has it. A change stays shown until its event says the same, so that nothing flickers.</summary>
    internal void Confirmed(OutboxItem item, SendReceipt? receipt)
    {
        if (item.Kind == OutboxKind.Send)
        {
            _echoes.Remove(item.MessageId);
            if (receipt is not null)
            {
                Receive(EchoOf(item) with { Timestamp = receipt.Timestamp, Seq = receipt.Seq, Epoch = receipt.Epoch });
            }
        }
        else if (_changes.TryGetValue(item.MessageId, out var changes) && changes.Exists(c => c.Id == item.Id))
        {
            if (_byId.TryGetValue(item.MessageId, out var message) && !Says(message, item))
            {
                _confirmed.Add(item.Id);
            }
            else
            {
                DropChange(item.MessageId, c => c.Id == item.Id);
            }
        }

        Touch(item.MessageId);
    }

    /// <summary>A confirmed change that no event has told yet.</summary>
    internal bool IsUntold(string itemId) => _confirmed.Contains(itemId);

    /// <summary>The message was read again: whatever it says now is so.</summary>
    internal void Told(OutboxItem item)
    {
        DropChange(item.MessageId, c => c.Id == item.Id);
        Touch(item.MessageId);
    }

    internal void Discarded(OutboxItem item)
    {
        if (item.Kind == OutboxKind.Send)
        {
            _echoes.Remove(item.MessageId);
        }
        else
        {
            DropChange(item.MessageId, c => c.Id == item.Id);
        }

        Touch(item.MessageId);
    }

    /// <summary>A change of one's own was told by the server: the confirmed ones of its kind are no longer shown on top.</summary>
    private void SettleConfirmed(MessageChange change)
    {
        if (change.Username == me())
        {
            DropChange(change.Id, c => _confirmed.Contains(c.Id) && (c.Kind, change) switch
            {
                (OutboxKind.Edit, MessageEdited) or (OutboxKind.Delete, MessageDeleted) => true,
                (OutboxKind.React, ReactionChanged reaction) => reaction.Emoji == c.Emoji,
                _ => false,
            });
        }
    }

    private void DropChange(string messageId, Predicate<OutboxItem> which)
    {
        if (_changes.TryGetValue(messageId, out var changes))
        {
            changes.RemoveAll(c =>
            {
                var drop = which(c);
                if (drop)
                {
                    _confirmed.Remove(c.Id);
                }

                return drop;
            });
            if (changes.Count == 0)
            {
                _changes.Remove(messageId);
            }
        }
    }

    private bool Says(Message message, OutboxItem item) => item.Kind switch
    {
        OutboxKind.Edit => message.Content == item.Content || message.DeletedAt is not null,
        OutboxKind.Delete => message.DeletedAt is not null,
        OutboxKind.React => message.Reactions.Any(r => r.Emoji == item.Emoji && r.Users.Contains(me() ?? "")) == item.On,
        _ => true,
    };

    private TimelineView BuildView()
    {
        var shown = Shown;
        if (shown is null && _echoes.Count == 0 && _arrived.Count == 0)
        {
            return TimelineView.Empty;
        }

        var items = new List<TimelineItem>((shown?.Messages.Count ?? 0) + _echoes.Count);
        foreach (var message in shown?.Messages ?? [])
        {
            items.Add(ItemOf(message));
        }

        // Unsent messages stand at the end, in the order of writing, whatever this browser's clock says.
        var hasNewer = shown is { IsLive: false } && _segments[^1] != shown;
        if (!hasNewer)
        {
            // Nobody else's, for there may be more between: what was sent goes on as if on its way until the newest page says where it stands.
            items.AddRange(_arrived.Values.Where(m => m.Sender == me() && !_byId.ContainsKey(m.Id) && !_echoes.ContainsKey(m.Id))
                .Order(MessageMerge.Order).Select(m => ItemOf(m) with { State = SendState.Sending }));
            items.AddRange(_echoes.Values.Where(e => !_byId.ContainsKey(e.MessageId)).OrderBy(e => e.Id, StringComparer.Ordinal).Select(ItemOf));
        }

        return new TimelineView(items, shown is { } s && s.Low > HistoryKey.Start, hasNewer, Loaded: shown is not null);
    }

    private TimelineItem ItemOf(Message message)
    {
        if (_items.TryGetValue(message.Id, out var item))
        {
            return item;
        }

        item = new TimelineItem(message);
        if (_echoes.TryGetValue(message.Id, out var echo))
        {
            item = item with { State = StateOf(echo), Code = echo.Code };
        }

        foreach (var change in _changes.GetValueOrDefault(message.Id) ?? [])
        {
            item = change.State == OutboxState.Failed
                ? item with { FailedChangeId = change.Id, FailedChangeCode = change.Code }
                : item with { Message = With(item.Message, change), Pending = item.Pending || !_confirmed.Contains(change.Id) };
        }

        return _items[message.Id] = item;
    }

    private TimelineItem ItemOf(OutboxItem echo)
    {
        if (!_items.TryGetValue(echo.MessageId, out var item))
        {
            item = ItemOf(EchoOf(echo));
        }

        return item;
    }

    private Message EchoOf(OutboxItem item) => new()
    {
        Id = item.MessageId,
        Sender = me() ?? "",
        RoomId = roomId,
        Content = item.Content,
        Timestamp = item.CreatedAt,
        ClientId = item.Id,
        ReplyTo = item.ReplyTo,
        Attachments = item.Files?.Select(f => f.File).ToList(),
        Mentions = MentionText.Find(item.Content),
    };

    /// <summary>The message as it will be: the change gets a time at which it wins.</summary>
    private Message With(Message message, OutboxItem item)
    {
        var at = time.GetUtcNow();
        var after = (message.ReactionStates ?? []).Select(s => s.At).Append(message.EditedAt ?? at).Append(at).Max().AddMilliseconds(1);
        return item.Kind switch
        {
            OutboxKind.Edit => MessageMerge.Apply(message, new MessageEdited
            {
                RoomId = roomId,
                Id = message.Id,
                Username = message.Sender,
                At = after,
                EditId = item.Id,
                Content = item.Content,
                Mentions = MentionText.Find(item.Content),
            }),
            OutboxKind.Delete => MessageMerge.Apply(message, new MessageDeleted
            {
                RoomId = roomId,
                Id = message.Id,
                Username = me() ?? "",
                At = after,
            }),
            OutboxKind.React => MessageMerge.Apply(message, new ReactionChanged
            {
                RoomId = roomId,
                Id = message.Id,
                Username = me() ?? "",
                At = after,
                Emoji = item.Emoji,
                On = item.On,
            }),
            _ => message,
        };
    }

    private static SendState StateOf(OutboxItem item) => item.State switch
    {
        OutboxState.Queued => SendState.Queued,
        OutboxState.Sending => SendState.Sending,
        _ => SendState.Failed,
    };

    private void Touch(string? messageId = null)
    {
        if (messageId is not null)
        {
            _items.Remove(messageId);
        }

        _view = null;
        Changed?.Invoke();
    }
}
