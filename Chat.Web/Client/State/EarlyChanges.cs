using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>Changes that came before their message, in this client's view; bounded, oldest dropped: the message's page has them too.</summary>
internal sealed class EarlyChanges
{
    private const int Max = 500;
    private readonly Dictionary<string, List<MessageChange>> _byMessage = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public void Add(MessageChange change)
    {
        if (!_byMessage.TryGetValue(change.Id, out var changes))
        {
            _byMessage[change.Id] = changes = [];
        }

        changes.Add(change);
        _order.Enqueue(change.Id);
        while (_order.Count > Max)
        {
            _byMessage.Remove(_order.Dequeue());
        }
    }

    public Message ApplyTo(Message message) =>
        _byMessage.Remove(message.Id, out var changes) ? changes.Aggregate(message, MessageMerge.Apply) : message;
}
